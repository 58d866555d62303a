/** Takes secrets out of a text. */
export type Redactor = (text: string) => string;
/** Takes out what looks like a secret: user info and signatures in URLs, authorization headers, private keys. */
export declare function redact(text: string): string;
/** Like {@link redact}, and also takes out the values of variables whose names say that they are secret. */
export declare function createRedactor(env: Readonly<Record<string, string | undefined>>): Redactor;
/**
 * Lets a stream's text pass through a redactor, whoever writes it: our reports, Node's warnings, `DEBUG=*` lines of
 * libraries. A second call for the same stream does nothing.
 */
export declare function guardStream(stream: NodeJS.WriteStream, redactor: Redactor): void;
